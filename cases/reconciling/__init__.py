"""The ledger compared with enrolment, attendance and reports, every night (逐一对账, art. 3.2)."""
