"""How each kind of task is ended by its holder's words; `cases/finishing.py` has the table."""
