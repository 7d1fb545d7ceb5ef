#!/usr/bin/env python3
"""A real Slurm on loopback: four nodes share one ledger, no step is done twice, and what a worker that is preempted
has held is done elsewhere.

usage: slurm.py BIN

Ends with 77 where Slurm does not begin. It ends the daemons that it has started, by their numbers, and no other.
"""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import world

CONF = """ClusterName=loop
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={control}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={root}/munge.socket
CryptoType=crypto/munge
CredType=cred/munge
StateSaveLocation={root}/ctld
SlurmdSpoolDir={root}/%n
SlurmctldPidFile={root}/slurmctld.pid
SlurmdPidFile={root}/slurmd-%n.pid
SlurmctldLogFile={root}/slurmctld.log
SlurmdLogFile={root}/slurmd-%n.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobCompType=jobcomp/filetxt
JobCompLoc={root}/jobcomp.txt
ReturnToService=2
JobRequeue=1
KillWait=10
MinJobAge=3600
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
RequeueExitHold=20
NodeName=n[1-4] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{first}-{last}] CPUs=1 State=UNKNOWN
PartitionName=work Nodes=n[1-4] Default=YES MaxTime=INFINITE State=UP PriorityTier=1 GraceTime=4
PartitionName=urgent Nodes=n[1-4] MaxTime=INFINITE State=UP PriorityTier=10
"""


def eventually(seconds, body):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := body():
            return value
        time.sleep(0.3)
    return None


def ports():
    """Five in a row that nobody has."""
    for first in range(21000, 60000, 7):
        try:
            held = []
            for number in range(5):
                one = socket.socket()
                held.append(one)
                one.bind(("127.0.0.1", first + number))
            return first
        except OSError:
            continue
        finally:
            for one in held:
                one.close()
    raise SystemExit(77)


class Slurm:
    def __init__(self, root):
        self.root, self.daemons = root, []
        first = ports()
        host = socket.gethostname().split(".")[0]
        (root / "ctld").mkdir()
        conf = root / "slurm.conf"
        conf.write_text(CONF.format(root=root, host=host, control=first, first=first + 1, last=first + 4))
        (root / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\nCgroupAutomount=no\n")
        self.environment = {"SLURM_CONF": str(conf), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        key = root / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        self.begin("munged", "--foreground", "--force", f"--key-file={key}", f"--socket={root}/munge.socket",
                   f"--log-file={root}/munge.log", f"--pid-file={root}/munge.pid", f"--seed-file={root}/munge.seed")
        if not eventually(10, (root / "munge.socket").exists):
            raise SystemExit(77)
        self.begin("slurmctld", "-D", "-f", str(conf))
        for number in range(1, 5):
            (root / f"n{number}").mkdir()
            self.begin("slurmd", "-D", "-N", f"n{number}", "-f", str(conf))
        if not eventually(40, lambda: self.call("sinfo", "-h", "-o", "%D %t").strip() == "4 idle"):
            print(self.call("sinfo"), self.text("slurmctld.log"), self.text("slurmd-n1.log"), sep="\n")
            raise SystemExit(77)

    def text(self, name):
        path = self.root / name
        return "\n".join(path.read_text().splitlines()[-15:]) if path.exists() else ""

    def begin(self, *words):
        log = open(self.root / f"{words[0]}.out", "a")
        self.daemons.append(subprocess.Popen(
            words, env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True))

    def call(self, *words, **more):
        run = subprocess.run(words, env=self.environment, capture_output=True, text=True, **more)
        return run.stdout + run.stderr

    def end(self):
        self.call("scancel", "--user=root", "--signal=KILL")
        for daemon in reversed(self.daemons):
            daemon.send_signal(signal.SIGTERM)
        for daemon in self.daemons:
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()


def submit(slurm, place, count, name, grace=""):
    script = place.migrate("workers", "--on", "slurm", "-n", str(count), "-j", "1", "--idle", "5s").stdout
    # Slurm gives a job the environment of who submits it: that is the world's.
    run = subprocess.run(
        ["sbatch", "--parsable", "--open-mode=append", f"--output={place.root}/{name}-%a.log"], input=script, text=True,
        capture_output=True, cwd=place.root, env={**slurm.environment, **place.environment, "SLURM_CONF": slurm.environment["SLURM_CONF"]})
    if run.returncode != 0:
        raise SystemExit(f"sbatch: {run.stderr}")
    return run.stdout.strip()


def is_over(slurm, job):
    return slurm.call("squeue", "-h", "-j", job).strip() == ""


def merged_steps(place):
    """Those of a train stand in one entry: `S3 merged as 1234567890 with S1, S2`."""
    found = []
    for line in place.sentences():
        if match := re.match(r"(\S+) merged as \S+(?: with (.+))?$", line):
            found += [match[1]] + (match[2].split(", ") if match[2] else [])
    return found


def check(place, steps):
    sentences = place.sentences()
    merged = merged_steps(place)
    claims = [match.groups() for line in sentences if (match := re.match(r"(\S+) claimed by (\S+) \(epoch (\d+)\)", line))]
    if len(merged) != steps or len(set(merged)) != steps:
        raise SystemExit(f"{len(merged)} of {steps} are merged:\n" + "\n".join(sentences[-20:]))
    if len({(step, epoch) for step, _, epoch in claims}) != len(claims):
        raise SystemExit("a step was given out twice in one epoch")
    place.git(place.clone, "fetch", "--quiet")
    place.migrate("sync")
    place.migrate("fsck")
    return claims


def share(slurm, binary, root):
    place = world.World(binary, root / "share")
    place.start([f"  - {{ id: S{n}, run: 'echo $MIGRATE_STEP >> \"$HOME/done\"; sleep 1; echo x > f{n}' }}" for n in range(1, 17)])
    begun = time.monotonic()
    job = submit(slurm, place, 4, "share")
    if not eventually(150, lambda: is_over(slurm, job)):
        raise SystemExit(f"the jobs do not end: {slurm.call('squeue')}" + place.run("tail", "-n", "20", place.root / "share-0.log", fails=True).stdout)
    claims = check(place, 16)
    done = (place.home / "done").read_text().split()
    if len(done) != 16 or len(set(done)) != 16:
        raise SystemExit(f"steps were done twice: {sorted(done)}")
    workers = {holder.split("/")[0] for _, holder, _ in claims}
    if len(workers) < 2:
        raise SystemExit(f"{workers} did it all")
    print(f"16 steps by {len(workers)} nodes in {time.monotonic() - begun:.0f} s, none twice")


def preempt(slurm, binary, root):
    place = world.World(binary, root / "preempt")
    hold = place.home / "hold"
    hold.write_text("")
    # The first of each is held until the others were taken away.
    place.start([f"  - {{ id: P{n}, run: 'while [ -e \"$HOME/hold\" ]; do sleep 0.2; done; echo x > f{n}' }}" for n in range(1, 5)])
    job = submit(slurm, place, 4, "preempt")
    if not eventually(60, lambda: sum(" claimed by " in line for line in place.sentences()) == 4):
        raise SystemExit("the four workers have not begun")
    urgent = slurm.call("sbatch", "--parsable", "-p", "urgent", "-N", "2", "-n", "2", "-o", "/dev/null", "--wrap", "sleep 3", cwd=root).strip()
    if not eventually(60, lambda: sum(" released by " in line for line in place.sentences()) == 2):
        raise SystemExit("nothing was given back:\n" + "\n".join(place.sentences()[-10:]) + slurm.call("squeue"))
    hold.unlink()
    if not eventually(90, lambda: len(merged_steps(place)) == 4):
        raise SystemExit("what was given back is not done:\n" + "\n".join(place.sentences()[-10:]))
    claims = check(place, 4)
    print(f"2 of 4 workers preempted: both gave back, 4 of 4 merged after {len(claims)} claims, none twice")
    slurm.call("scancel", job, urgent)


def main():
    root = pathlib.Path(tempfile.mkdtemp(prefix="git-migrate-slurm-"))
    slurm = None
    try:
        slurm = Slurm(root)
        print("Slurm", slurm.call("sinfo", "--version").split()[-1], "with four nodes on loopback")
        share(slurm, sys.argv[1], root)
        preempt(slurm, sys.argv[1], root)
    finally:
        if slurm:
            slurm.end()
        shutil.rmtree(root, ignore_errors=True)


main()
