"""What an operation uses in AWS, counted from the calls that the product makes."""
