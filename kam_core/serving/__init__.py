"""What stands between the network and the pages: who may ask, what may be sent, what every answer says."""
