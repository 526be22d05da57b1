"""What the hub tells the records of itself: logins, servers and administrative acts, kept here until they have them."""
