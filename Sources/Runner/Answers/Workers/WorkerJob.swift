import CanonicalJSON
import Migration
import Plans

/// What an engine is given so that it runs workers of a migration: everything but secrets, which it is told
/// by their names only. Text, made of values alone.
package struct WorkerJob: Equatable, Sendable {
  /// The migration's name.
  package var migration: String
  /// What approves its plan (`MigrationState.approvalDigest`): from outside of the repository.
  package var digest: String
  /// The address that workers clone.
  package var url: String
  /// How many workers' machines there are.
  package var count = 4
  /// How many workers each has.
  package var jobs = 4
  /// How long one waits for work, as `--idle` takes it.
  package var idle = "10m"
  /// What the machines have.
  package var has: Set<String> = []
  /// The names of variables that the plan's agents are given.
  package var secrets: [String] = []
  /// How long a worker has to give back what it holds, in seconds.
  package var graceSeconds = 120

  /// Makes the job of a migration whose ledger is shared through `url`.
  package init(_ state: MigrationState, url: String) {
    (migration, digest, self.url) = (state.name, state.approvalDigest, url)
    secrets = Array(Set(state.plan.allAgents.flatMap(\.env))).sorted()
  }

  /// The arguments of `git migrate` for a clone in that folder.
  func arguments(into folder: String) -> [String] {
    var words = ["run", "--worker", "--migration", migration, "--idle", idle, "-j", "\(jobs)"]
    if !has.isEmpty { words += ["--has", has.sorted().joined(separator: ",")] }
    return words + ["--clone", url, "--into", folder]
  }

  /// The same as words of a shell; `folder` is one already.
  fileprivate func command(into folder: String) -> String {
    let words = arguments(into: "").dropLast().map { word in
      word.utf8.allSatisfy(WorkerJob.isPlain) && !word.isEmpty ? word : ShellQuote.word(word)
    }
    return "git migrate \(words.joined(separator: " ")) \(folder)"
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
      || "-_./:,=@+".utf8.contains(byte)
  }

  /// A name that Kubernetes takes: small letters, digits and dashes, at most 50.
  var label: String {
    let bytes = migration.utf8.map { (byte: UInt8) -> UInt8 in
      (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) ? byte : UInt8(ascii: "-")
    }
    var name = String(decoding: bytes.prefix(38), as: UTF8.self)
    while name.hasSuffix("-") { name.removeLast() }
    return "git-migrate-\(name)"
  }
}

/// A job array of Slurm.
extension WorkerJob {
  /// The script for `sbatch`.
  package var slurm: String {
    """
    #!/bin/bash
    # Workers of the migration '\(migration)'; start them with: sbatch FILE
    # One that ends with 20 cannot work on its node: 'RequeueExitHold=20' in slurm.conf holds it.
    #SBATCH --job-name=\(label)
    #SBATCH --array=0-\(count - 1)
    #SBATCH --ntasks=1
    #SBATCH --requeue
    #SBATCH --open-mode=append
    #SBATCH --output=\(label)-%a.log
    # Secrets are read on the node, and stand nowhere here.
    environment=${XDG_CONFIG_HOME:-$HOME/.config}/git-migrate/worker.env
    if [ -r "$environment" ]; then set -a; . "$environment"; set +a; fi
    export MIGRATE_TRUST=\(digest)
    export MIGRATE_WORKER=slurm-$SLURM_ARRAY_JOB_ID-$SLURM_ARRAY_TASK_ID
    # exec: the signal reaches the worker, which gives back what it holds.
    exec \(command(into: "\"$HOME/git-migrate/\(migration)/$SLURM_ARRAY_TASK_ID\""))

    """
  }
}

/// A loop over hosts.
extension WorkerJob {
  /// What is wrong with the name of a host, or `nil`.
  package static func hostFault(_ host: String) -> String? {
    let isGood = host.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || "-_.:@[]".utf8.contains(byte)
    }
    // ssh would take it for an option.
    return host.isEmpty || host.hasPrefix("-") || !isGood ? "is no name of a host" : nil
  }

  /// A script that starts a worker on each host and waits for none: it goes on when the connection is cut.
  package func ssh(_ hosts: [String]) -> String {
    let inner = "exec \(command(into: "\"$HOME/git-migrate/\(migration)\""))"
    let lines = hosts.map { host in
      let remote = """
        environment=${XDG_CONFIG_HOME:-$HOME/.config}/git-migrate/worker.env; \
        if [ -r "$environment" ]; then set -a; . "$environment"; set +a; fi; \
        mkdir -p "$HOME/git-migrate"; MIGRATE_TRUST=\(digest) MIGRATE_WORKER=\(ShellQuote.word(host)) \
        setsid nohup sh -c \(ShellQuote.word(inner)) >> "$HOME/git-migrate/\(migration).log" 2>&1 &
        """
      return "ssh -n \(host) \(ShellQuote.word(remote))"
    }
    return """
      #!/bin/sh
      # Workers of the migration '\(migration)', one a host; what they print is in ~/git-migrate there.
      \(lines.joined(separator: "\n"))

      """
  }
}

/// An Indexed Job of Kubernetes.
extension WorkerJob {
  private func text(_ value: String) -> String {
    String(decoding: JSON.string(value).canonicalBytes, as: UTF8.self)
  }

  /// The manifest, for `kubectl apply -f -`. `image` names what runs it.
  package func kubernetes(image: String) -> String {
    let arguments = arguments(into: "/home/worker/repository").map(text).joined(separator: ", ")
    let secrets = secrets.map { name in
      let key = "{ name: git-migrate-agent, key: \(text(name)) }"
      return "\n        - { name: \(text(name)), valueFrom: { secretKeyRef: \(key) } }"
    }.joined()
    return """
      # Workers of the migration \(text(migration)); start them with: kubectl apply -f FILE
      # The secret git-migrate-git holds what git needs to push, as .git-credentials or a key\
      \(self.secrets.isEmpty ? "" : "; git-migrate-agent\n# what the plan's agents are given").
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: \(label)
      spec:
        completionMode: Indexed
        completions: \(count)
        parallelism: \(count)
        backoffLimitPerIndex: 3
        maxFailedIndexes: \(count)
        ttlSecondsAfterFinished: 86400
        podReplacementPolicy: Failed
        podFailurePolicy:
          rules:
          - { action: Ignore, onPodConditions: [ { type: DisruptionTarget, status: "True" } ] }
          - { action: FailJob, onExitCodes: { containerName: worker, operator: In, values: [128, 129] } }
          - { action: FailIndex, onExitCodes: { containerName: worker, operator: In, values: [20] } }
        template:
          spec:
            restartPolicy: Never
            terminationGracePeriodSeconds: \(graceSeconds)
            automountServiceAccountToken: false
            securityContext: { runAsNonRoot: true, runAsUser: 10001, fsGroup: 10001 }
            containers:
            - name: worker
              image: \(text(image))
              args: [\(arguments)]
              env:
              - { name: HOME, value: /home/worker }
              - { name: MIGRATE_TRUST, value: \(text(digest)) }
              - { name: MIGRATE_WORKER, valueFrom: { fieldRef: { fieldPath: metadata.name } } }\(secrets)
              volumeMounts:
              - { name: work, mountPath: /home/worker }
              - { name: git, mountPath: /run/secrets/git, readOnly: true }
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }
              resources:
                requests: { cpu: "1", memory: 2Gi }
                limits: { memory: 4Gi, ephemeral-storage: 20Gi }
            volumes:
            - { name: work, emptyDir: { sizeLimit: 20Gi } }
            - { name: git, secret: { secretName: git-migrate-git, defaultMode: 256 } }

      """
  }
}
