"""What a day should have cost, what it did cost, and why: scores, incidents, causes and the forecast of the month's end."""
