// Swagger UI from this server, on the description from this server; nothing is validated elsewhere.
const place = document.getElementById("docs");
window.SwaggerUIBundle({ url: place.dataset.description, domNode: place, validatorUrl: null, deepLinking: true });
