"""`spcm import` and `spcm export`: files in and out."""
