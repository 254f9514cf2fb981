"""Where each product stands: evidence from the record, gates asked for, signed and passed, first articles.

Owns what joins the floor with the design room's gates (``design.stages`` has the criteria and the log). It
does not own who signs (``design.approvals``).
"""
