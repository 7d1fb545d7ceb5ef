import Git
import Ledger
import Migration
import Site
import System

/// Looks at everything that makes a migration stumble. Changes nothing.
public struct Doctor {
  let directory: String
  let environment: [String: String]
  let clock: any WallClock

  /// Makes a doctor for the repository that `directory` is in.
  public init(directory: String, environment: [String: String], clock: any WallClock = SystemClock()) {
    self.directory = directory
    self.environment = environment
    self.clock = clock
  }

  /// Every check, in the order a person should read them. What cannot be looked at is an error of its own.
  public func checks() -> [DoctorCheck] {
    var list = [gitVersion()]
    do throws(CommandError) {
      let site = try Site(directory: directory, environment: environment, clock: clock)
      try site.share(warn: { _ in })
      list.append(
        DoctorCheck("repository", .ok, "'\(site.repository.commonDirectory)' can be read and is yours"))
      list += DoctorRepository(site: site).checks()
      do throws(GitError) { try site.repository.requirePlainRefs() } catch {
        list.append(DoctorCheck("refs", .error, error.description, hint: error.hint))
      }
    } catch {
      list.append(DoctorCheck("repository", .error, error.message, hint: error.hint))
    }
    return list + machineChecks()
  }

  private func gitVersion() -> DoctorCheck {
    let text = output("git", ["version"])
    let numbers = (text ?? "").split(separator: " ").dropFirst(2).first?.split(separator: ".").map {
      Int($0) ?? 0
    }
    guard let text, let numbers, numbers.count >= 2 else {
      return DoctorCheck("git", .error, "the program 'git' cannot be run", hint: "install git 2.39 or newer")
    }
    if (numbers[0], numbers[1]) < (2, 39) {
      return DoctorCheck("git", .error, "\(text) is too old", hint: "install git 2.39 or newer")
    }
    return DoctorCheck("git", .ok, text)
  }

  // MARK: The machine

  private func machineChecks() -> [DoctorCheck] {
    [onPath(), sandbox(), manPage(), completion()]
  }

  /// The hooks call the program by its name.
  private func onPath() -> DoctorCheck {
    if let place = find("git-migrate") { return DoctorCheck("path", .ok, "the hooks run '\(place)'") }
    return DoctorCheck(
      "path", .error, "'git-migrate' is not in PATH, so the hooks refuse every change of a migration's refs",
      hint: "put the program's folder into PATH")
  }

  private func sandbox() -> DoctorCheck {
    switch SandboxProbe(environment: environment, directory: directory) {
    case .works(let program):
      DoctorCheck("sandbox", .ok, "'\(program)' shuts agents, codemods and verifiers in")
    case .fails(let reason):
      DoctorCheck(
        "sandbox", .warning, "agents, codemods and verifiers run with your rights: \(reason)",
        hint: SandboxProbe.hint)
    }
  }

  private func manPage() -> DoctorCheck {
    if let place = output("man", ["-w", "git-migrate"]), !place.isEmpty {
      return DoctorCheck("manual", .ok, "'git migrate --help' shows '\(place)'")
    }
    let hasMan = find("man") != nil
    let reason = hasMan ? "finds no manual page" : "needs 'man', which is not installed"
    return DoctorCheck(
      "manual", .ok, "'git migrate --help' \(reason); 'git migrate -h' does without",
      hint: hasMan ? "install the pages of 'man/' into a folder of MANPATH" : "install man-db")
  }

  private func completion() -> DoctorCheck {
    let home = environment["HOME"] ?? ""
    let data = environment["XDG_DATA_HOME"] ?? home + "/.local/share"
    let places = [data, "/usr/local/share", "/usr/share"].map {
      $0 + "/bash-completion/completions/git-migrate"
    }
    if let place = places.first(where: Files.exists) {
      return DoctorCheck("completion", .ok, "bash completes with '\(place)'")
    }
    return DoctorCheck(
      "completion", .ok, "bash completion is not installed",
      hint: "put the file 'completions/git-migrate' there as '\(places[0])'; 'make install' does")
  }

  private func find(_ program: String) -> String? {
    let folders = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
    return folders.map { "\($0)/\(program)" }.first(where: Files.isExecutable)
  }

  /// The first line a program prints, or `nil` when it fails.
  private func output(_ program: String, _ arguments: [String]) -> String? {
    let said = Launcher(environment: environment).answer(of: program, arguments, for: .own, in: directory)
    return said?.split(separator: "\n").first.map(String.init)
  }
}
