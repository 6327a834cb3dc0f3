#!/usr/bin/env bash
# Under Slurm, jax.distributed.initialize() without arguments looks for process 0 on a machine that
# does not exist, where the names of machines go on after their number: it takes what stands before
# the first bracket of the step's node list and the first number in it, and drops what follows. One
# would expect the first name that `scontrol show hostnames` prints for the same list. Names that
# end with the number, and single names, are right.
#
# Versions: Python 3.11, jax 0.10.2. The names of machines are made up; what is called is the class
# that jax.distributed.initialize() asks when it finds the environment of Slurm.
# Output seen (list, first machine of it, where jax looks):
#   gpu[1-2]                gpu1         gpu1:61447
#   gpu[1-2]-ib             gpu1-ib      gpu1:61447
#   rack[1-2]node[01-16]    rack1node01  rack1:61447
# Fails if that changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv own
own/bin/pip install --quiet jax==0.10.2

cat >look.py <<'PYTHON'
import os

from jax._src.clusters import SlurmCluster

LISTS = {
    "gpu[1-2]": "gpu1",
    "gpu[1-2]-ib": "gpu1-ib",
    "rack[1-2]node[01-16]": "rack1node01",
}
os.environ |= {"SLURM_JOB_ID": "7", "SLURM_NTASKS": "2", "SLURM_PROCID": "0", "SLURM_LOCALID": "0"}
for nodes, first in LISTS.items():
    os.environ["SLURM_STEP_NODELIST"] = nodes
    assert SlurmCluster.is_env_present()
    print(f"{nodes:<23} {first:<12} {SlurmCluster.get_coordinator_address(None, None)}")
PYTHON
own/bin/python look.py >seen.txt
cat seen.txt
diff seen.txt - <<'SEEN'
gpu[1-2]                gpu1         gpu1:61447
gpu[1-2]-ib             gpu1-ib      gpu1:61447
rack[1-2]node[01-16]    rack1node01  rack1:61447
SEEN
