"""What the product does, one module per duty. A use case is one transaction; it never addresses, renders or sends."""
