"""What the text of one cell, or of one column, means: amounts, currencies, addresses, products, deliveries."""
