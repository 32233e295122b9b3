"""One module per command; `fanxiao/cli.py` lists them."""
