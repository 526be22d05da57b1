"""From bytes to a picture: codecs, the grayscale pipeline and colour; nothing here knows studies or networks."""
