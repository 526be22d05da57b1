"""What an image measures: modality values, lengths, angles, areas and SUV, each with its unit and where it is true."""
