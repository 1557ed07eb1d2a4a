"""`spcm outcome`, `spcm follow` and `spcm republish`: what became of commands."""
