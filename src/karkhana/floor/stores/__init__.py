"""The stores as the floor uses them: what stands where, what is moved, split, counted, consigned.

Balances and their journal are ``supply.stock``; this room adds what only the floor knows: which plant a lot
came in at, what is on hold, and what the record says was built in.
"""
