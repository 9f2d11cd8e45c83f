"""The colours and letter sizes of all pictures, dark enough on the card for small letters (4.5 to 1 and more)."""

CARD = "#f7f8fa"
INK = "#1d1c1d"
PALE = "#5a6169"
GRID = "#d9dde3"
LINE = "#0b5cad"
EXPECTED = "#a34e00"
ALARM = "#b3261e"

TITLE, TEXT, SMALL = 9.5, 8.5, 8.0
"""Letters in points of the figure: at a phone's width about 1.35 times as many of the screen's."""
