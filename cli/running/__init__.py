"""`spcm up`: servers and a worker, looked after."""
