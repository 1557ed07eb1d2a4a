"""`spcm submit` and `spcm deadletters`: commands on their way, and their outcomes."""
