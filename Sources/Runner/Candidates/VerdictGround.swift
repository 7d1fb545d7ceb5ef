import Git
import Migration
import Site
import Supervision
import System

/// What verdicts of a plan's gate rest on here, beside the tree and the plan (`VerdictBasis`).
struct VerdictGround {
  let site: Site
  let plan: Plan

  /// The most bytes of copied files that are looked at: a verdict on more is nobody else's.
  private static let copiedBytes = 64 << 20

  /// What they rest on; `nil` when it cannot be told, so that nobody can use them again.
  func basis(report: (String) -> Void) throws(CommandError) -> VerdictBasis? {
    let copied: String?
    do throws(GroundFault) {
      copied = try copies()
      let toolchain = try plan.gate.toolchain.map { (command) throws(GroundFault) in try output(of: command) }
      return VerdictBasis(
        setup: copied, sandbox: site.sandboxName(plan), toolchain: toolchain ?? programs())
    } catch {
      guard case .unknown(let reason) = error else { return nil }
      report("verdicts are not shared: \(reason)")
      return nil
    }
  }

  private enum GroundFault: Error {
    case unknown(String)
    case tooMuch
  }

  // MARK: What is copied

  private func copies() throws(GroundFault) -> String? {
    do {
      let (main, found) = try site.includedFiles(plan.worktree.copy)
      if found.isEmpty { return nil }
      var text = ""
      var left = VerdictGround.copiedBytes
      for path in found {
        guard let bytes = try Files.readFile(main + "/" + path, limit: left) else { continue }
        left -= bytes.count
        text += "\(path)\0\(SHA256.hexDigest(of: bytes))\n"
      }
      return SHA256.hexDigest(of: Array(text.utf8))
    } catch {
      throw .tooMuch
    }
  }

  // MARK: The toolchain

  private func output(of command: String) throws(GroundFault) -> String {
    let answer: ToolchainAnswer
    if let known = site.toolchains[command] {
      answer = known
    } else {
      do throws(CommandError) {
        let question = try ToolchainQuestion(site: site, command)
        while !question.poll() {
          _ = Poller(reading: [question.descriptor]).wait(milliseconds: 200)
        }
        answer = question.answer
        question.forget()
      } catch {
        answer = .unknown("'gate.toolchain' could not be run: \(error.message)")
      }
    }
    switch answer {
    case .digest(let digest): return digest
    case .unknown(let reason): throw .unknown(reason)
    }
  }

  /// The system, and the programs that the verifiers' commands begin with: where each lies, how large it is,
  /// and when it was written. A program of the candidate's own is no part of it: the tree says what it is.
  private func programs() -> String {
    // What a service is made of is its own affair.
    var text = plan.gate.isOnlyRemote ? "" : VerdictGround.system
    for verifier in plan.gate.verifiers where verifier.remote == nil {
      let environment = site.launcher.environment(for: .verifier(env: verifier.env))
      for part in verifier.run.split(whereSeparator: { ";&|\n".contains($0) }) {
        text += program(ShellWord(firstOf: String(part)), environment["PATH"] ?? "")
      }
    }
    return SHA256.hexDigest(of: Array(text.utf8))
  }

  private func program(_ word: ShellWord?, _ path: String) -> String {
    switch word {
    case nil: return ""
    case .path(let place): return place.hasPrefix("/") ? VerdictGround.line(place) : ""
    case .name(let name):
      let places = path.split(separator: ":").lazy.map { "\($0)/\(name)" }
      return places.first(where: Files.isExecutable).map(VerdictGround.line) ?? "\(name)\n"
    }
  }

  private static func line(_ place: String) -> String {
    guard let status = Files.written(place) else { return "\(place)\n" }
    return "\(Files.realPath(place) ?? place)\0\(status.size)\0\(status.seconds)\0\(status.nanoseconds)\n"
  }

  private static var system: String {
    let places = ["/etc/os-release", "/usr/lib/os-release"]
    let bytes = places.lazy.compactMap { try? Files.readFile($0, limit: 1 << 16) }.first
    return String(decoding: bytes ?? [], as: UTF8.self) + "\n"
  }
}

extension Site {
  package func basis(_ plan: Plan, report: (String) -> Void) throws(CommandError) -> VerdictBasis? {
    if plan.gate.verifiers.isEmpty { return nil }
    return try VerdictGround(site: self, plan: plan).basis(report: report)
  }
}
