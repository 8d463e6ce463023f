"""Names as people type them: full pinyin and first letters (the only importer of pypinyin)."""


def spell(name: str) -> tuple[str, str]:
    """``王小华`` -> ``("wang xiao hua", "wxh")``; Latin names keep their letters."""
    from pypinyin import Style, lazy_pinyin  # its dictionary takes a second that most commands need not wait

    full = [part.strip().lower() for part in lazy_pinyin(name) if part.strip()]
    first = lazy_pinyin(name, style=Style.FIRST_LETTER)
    return " ".join(full), "".join(part.strip().lower() for part in first if part.strip())
