"""Words of people in danger: what raises a submission to urgent. An aid to who reads, and no diagnosis."""
