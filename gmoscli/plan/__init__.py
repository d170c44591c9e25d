"""What work a night's raw files hold: which belong together, and what each product depends on."""
