"""When a subnet or pool runs out: three small estimators, what they say, and how well they did.

`outlooks` is the way in; `History` its input, `Outlook` its answer, `replay` and `score` its judge."""
