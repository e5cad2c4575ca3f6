"""Where this project touches what Dagster does not promise to keep. Nothing else may import Dagster's private modules.

Each module says with which version it was seen, and why the public interface does not do. A test names every private
name that is used, so that an upgrade says at once what broke. What does not belong here: anything that the public
interface offers.
"""
