"""The fault matrix: what batcher does when things break, as one table.

Both the tests and `docs/faults.md` come from it.

    terms     the words of the table: moments, recoveries, runs, cells
    strikes   what a fault does to the world
    table     every fault, and what is expected of it; its parts are on_the_wire, at_runa, on_the_machine
    thens     what recoveries lead to, where many faults share it
    scene     the world of one cell: the sandbox, the network, the disk and the sheet, with one row that is struck
    acting    a cell lived through, from its first run to its last
    page      `docs/faults.md` from the table

`python -m tests.matrix` writes the page.
"""
