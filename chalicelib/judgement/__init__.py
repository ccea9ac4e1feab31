"""Judgement: what to look at twice, and what to look at first. It never publishes, and drops nothing."""
