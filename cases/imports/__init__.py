"""Real input: area trees, schools, responsible persons and rosters out of the spreadsheets that offices have."""
