"""Approvals that partners sign: what must be approved by whom, the signed statement, and the record."""
