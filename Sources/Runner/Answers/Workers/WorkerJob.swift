import CanonicalJSON
import Git
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

  /// How a worker gets at what it clones, by the form of the address.
  enum Access: Equatable, Sendable {
    /// By HTTP: git and the forge's client read `~/.netrc`.
    case http
    /// By ssh, with a key.
    case ssh
    /// Without anything, such as by a path.
    case open
  }

  /// How what is cloned is reached.
  var access: Access {
    let scheme = url.lowercased().prefix { $0 != ":" && $0 != "/" }
    switch scheme {
    case "https", "http": return .http
    case "ssh", "git+ssh", "ssh+git": return .ssh
    case "git", "file", "ftp", "ftps": return .open
    // As git has it: a colon before the first slash begins the path on a host.
    case _: return url.prefix { $0 != "/" }.contains(":") ? .ssh : .open
    }
  }

  /// Whether what is cloned lies on this machine, as far as can be seen.
  package var isPath: Bool {
    url.lowercased().hasPrefix("file:") || (access == .open && !url.prefix { $0 != "/" }.contains(":"))
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

  /// How the secret is made that git needs to push, for the heading.
  private var secretWords: String {
    let make = "# git pushes by the secret git-migrate-git: kubectl create secret generic git-migrate-git"
    return switch access {
    case .http:
      "\(make) --from-file=.netrc\n# where .netrc holds: machine HOST login NAME password TOKEN\n"
    case .ssh: "\(make) \\\n#   --from-file=ssh-privatekey=KEY --from-file=known_hosts=HOSTS\n"
    case .open: ""
    }
  }

  /// A list that is written in place.
  private func list(_ rows: [String], indent: Int) -> String {
    rows.map { "\n" + String(repeating: " ", count: indent) + "- " + $0 }.joined()
  }

  /// What the container is told besides: who commits are by, and how git reaches the other side.
  private func variables(_ author: Signature) -> [String] {
    var rows = ["AUTHOR", "COMMITTER"].flatMap { role in
      [("NAME", author.name), ("EMAIL", author.email)].map { part, value in
        "{ name: GIT_\(role)_\(part), value: \(text(value)) }"
      }
    }
    if access == .ssh {
      let command =
        "ssh -i /run/secrets/git/ssh-privatekey -o IdentitiesOnly=yes -o BatchMode=yes "
        + "-o UserKnownHostsFile=/run/secrets/git/known_hosts"
      rows.append("{ name: GIT_SSH_COMMAND, value: \(text(command)) }")
    }
    return rows
      + secrets.map { name in
        let key = "{ name: git-migrate-agent, key: \(text(name)) }"
        return "{ name: \(text(name)), valueFrom: { secretKeyRef: \(key) } }"
      }
  }

  /// Where the secret lies, and of which keys it is made: a missing one is told by the engine.
  private var secretVolume: (mount: [String], volume: [String]) {
    let name = "name: git, secret: { secretName: git-migrate-git, defaultMode: 256"
    switch access {
    case .http:
      return (
        ["{ name: git, mountPath: /home/worker/.netrc, subPath: .netrc, readOnly: true }"],
        ["{ \(name), items: [ { key: .netrc, path: .netrc } ] } }"]
      )
    case .ssh:
      let keys = ["ssh-privatekey", "known_hosts"].map { "{ key: \($0), path: \($0) }" }
      return (
        ["{ name: git, mountPath: /run/secrets/git, readOnly: true }"],
        ["{ \(name), items: [ \(keys.joined(separator: ", ")) ] } }"]
      )
    case .open: return ([], [])
    }
  }

  /// The manifest, for `kubectl apply -f -`. `image` names what runs it, `author` who commits are by: nobody
  /// has said it in a container.
  package func kubernetes(image: String, author: Signature) -> String {
    let arguments = arguments(into: "/home/worker/repository").map(text).joined(separator: ", ")
    let (variables, git) = (list(variables(author), indent: 8), secretVolume)
    return """
      # Workers of the migration \(text(migration)); start them with: kubectl apply -f FILE
      \(secretWords)\
      \(secrets.isEmpty ? "" : "# The secret git-migrate-agent holds what the plan's agents are given.\n")\
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
              - { name: MIGRATE_WORKER, valueFrom: { fieldRef: { fieldPath: metadata.name } } }\(variables)
              volumeMounts:
              - { name: work, mountPath: /home/worker }\(list(git.mount, indent: 8))
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }
              resources:
                requests: { cpu: "1", memory: 2Gi }
                limits: { memory: 4Gi, ephemeral-storage: 20Gi }
            volumes:
            - { name: work, emptyDir: { sizeLimit: 20Gi } }\(list(git.volume, indent: 6))

      """
  }
}
