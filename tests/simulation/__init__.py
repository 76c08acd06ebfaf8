"""The whole shop in one process, under a clock and dice of our own.

kernel.py      actors that stop at each boundary; who goes on, and who dies there
house.py       the real application, once a process; an empty database for each history
world.py       one history's clock, Stripe, mail server, weather; bank.py, post.py, database.py stand between
registry.py    a new kind of step enters by `@deed(weight)`, a new invariant by `@always("M1")` or `@quiet("Q1")`
fair.py        what is for sale; buyers.py, creators.py, machines.py: what everybody does
facts.py       both sides as they stand; laws/: what must hold of them
history.py     draw by seed, play, drain; shrink.py, corpus.py: what becomes of a failure
stories.py     told to their end; crashes.py interrupts them anywhere; scenes.py tells what stories do not come to
bugs.py        planted bugs (planting.py), and what catches them (teeth.py)

python -m tests.simulation --seeds 100        fresh histories
python -m tests.simulation.crashes            every pair of crashes in every story
python -m tests.simulation.teeth [name]       find what catches a planted bug
"""
