"""Study, series, instance and frame: sources, index, geometry and the pictures made from them."""
