"""A Table as text: aligned columns in a code block where they fit a phone, else one line a row."""

from bot.message import Table
from bot.slack.mrkdwn import esc, one_line

CODE_COLUMNS = 40
"""Characters of a code line that a phone shows without wrapping it."""
ROWS = 25
"""Rows shown at most; a longer table is read in a terminal (`eksip ask`), not in a channel."""
_GAPS = (2, 1)


def table_text(table: Table, limit: int) -> str:
    """The table as mrkdwn in at most `limit` characters; rows that were cut are counted in the last line."""
    columns = [_cell(column) for column in table.columns]
    rows = [[_cell(cell) for cell in row] for row in table.rows]
    if not columns:
        return ""
    more = one_line(table.more)
    lines = _aligned(columns, rows, table.right)
    if lines is None:
        return _within([], [_listed(columns, row) for row in rows], more, limit, fence="")
    return _within([lines[0]], lines[1:], more, limit, fence="```")


def _cell(text: str) -> str:
    return one_line(text).replace("`", "'")


def _aligned(columns: list[str], rows: list[list[str]], right: frozenset[int]) -> list[str] | None:
    """Header and rows as aligned lines, or None where even a narrow gap makes them too wide."""
    widths = [max(len(line[index]) for line in [columns, *rows]) for index in range(len(columns))]
    for gap in _GAPS:
        if sum(widths) + gap * (len(widths) - 1) <= CODE_COLUMNS:
            return [
                (" " * gap)
                .join(
                    cell.rjust(width) if index in right else cell.ljust(width)
                    for index, (cell, width) in enumerate(zip(line, widths, strict=True))
                )
                .rstrip()
                for line in [columns, *rows]
            ]
    return None


def _listed(columns: list[str], row: list[str]) -> str:
    """A row as one line: its first cell, then the other cells under their columns' names."""
    rest = " · ".join(
        f"{column}: {cell}" if column else cell for column, cell in zip(columns, row, strict=True) if cell
    )
    return f"• {rest.removeprefix(f'{columns[0]}: ') if row and row[0] else rest}"


def _within(header: list[str], rows: list[str], more: str, limit: int, *, fence: str) -> str:
    notes = [more] if more else []
    for shown in range(min(len(rows), ROWS), -1, -1):
        left_out = [f"+{len(rows) - shown} more"] if shown < len(rows) else []
        body = esc("\n".join([*header, *rows[:shown], *left_out, *notes]))
        if body.strip() and len(body) + 2 * len(fence) <= limit:
            return f"{fence}{body}{fence}"
    return ""
