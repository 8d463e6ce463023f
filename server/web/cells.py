"""Values as cells of a CSV file that a spreadsheet will open."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def safe_cell(value: object) -> object:
    """A value as a cell: lists joined, text never a formula, numbers as they are."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        value = ";".join(str(item) for item in value)
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value
