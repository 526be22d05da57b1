"""How what is kept ends: by its period, when a person leaves, and when a patient objects. Run by the site's administrator."""
