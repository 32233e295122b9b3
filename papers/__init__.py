"""What is printed or saved: documents set with typst, and workbooks. Facts come in, bytes go out; nothing is looked up here."""
