"""Who may enter the console, as whom, and how often somebody may try."""
