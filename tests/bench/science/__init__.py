"""How near products come to the truth behind simulated nights, beside the targets.

Nights are described by ``gmoscli.simulate.Night``, written by the simulator, reduced by the real
commands, and judged by what the simulator knows: truth_sources.ecsv, truth_frames.ecsv, and the
noiseless planes that ``expose`` returns. Each module says how its figures are measured.
"""
