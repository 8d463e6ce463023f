"""A fictional Meihu community: people, teams, plans and a month of service, made only through ingest."""
