/// How migrations stand as numbers, in the text that Prometheus reads.
public struct MetricsText {
  /// One number of one migration, or of the ledger.
  private struct Sample {
    var labels: [(name: String, value: String)]
    var value: String
  }

  private struct Family {
    var name: String
    var help: String
    var kind: String
    var samples: [Sample]
  }

  /// The whole text.
  public let text: String

  /// Makes the text of these migrations: their reports, and what happened in them. `sequence` is the number
  /// of the ledger's last entry.
  public init(_ found: [(report: MigrationReport, chronicle: Chronicle)], sequence: Int) {
    func samples(_ value: ((report: MigrationReport, chronicle: Chronicle)) -> Int?) -> [Sample] {
      found.compactMap { one in
        value(one).map { Sample(labels: [("migration", one.report.name)], value: String($0)) }
      }
    }
    let steps = found.flatMap { one in
      StepWord.allCases.map { word in
        Sample(
          labels: [("migration", one.report.name), ("state", word.rawValue)],
          value: String(one.report.count(word)))
      }
    }
    let standings = found.flatMap { one in
      Standing.allCases.map { standing in
        Sample(
          labels: [("migration", one.report.name), ("standing", standing.rawValue)],
          value: one.report.standing == standing ? "1" : "0")
      }
    }
    let costs = found.map { one in
      Sample(
        labels: [("migration", one.report.name)],
        value: MetricsText.dollars(one.report.used.amounts.microdollars))
    }
    let families = [
      Family(
        name: "ledger_entries", help: "The number of the ledger's last entry.", kind: "gauge",
        samples: [Sample(labels: [], value: String(sequence))]),
      Family(name: "steps", help: "Steps by state.", kind: "gauge", samples: steps),
      Family(
        name: "standing", help: "How the migration stands: 1 for the one that holds.", kind: "gauge",
        samples: standings),
      Family(
        name: "needs", help: "Things that wait for a person.", kind: "gauge",
        samples: samples { $0.report.needs.count(where: \.isUrgent) }),
      Family(
        name: "causes", help: "Causes for which steps are not done.", kind: "gauge",
        samples: samples { $0.report.causes.count }),
      Family(
        name: "uses_left", help: "Uses left of what is migrated away, when they were counted last.",
        kind: "gauge", samples: samples { $0.report.usesLeft }),
      Family(
        name: "failed_attempts_total", help: "Attempts that failed.", kind: "counter",
        samples: samples { $0.chronicle.changes.count { $0.failure != nil } }),
      Family(
        name: "gate_runs_total", help: "Gate runs that were started.", kind: "counter",
        samples: samples { $0.chronicle.gates }),
      Family(
        name: "cost_dollars_total", help: "What agents have cost, as far as they told.", kind: "counter",
        samples: costs),
    ]
    text = families.map(MetricsText.written).joined()
  }

  private static func written(_ family: Family) -> String {
    if family.samples.isEmpty { return "" }
    let name = "git_migrate_\(family.name)"
    let lines = family.samples.map { sample in
      let labels = sample.labels.map { "\($0.name)=\"\(escaped($0.value))\"" }.joined(separator: ",")
      return "\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(sample.value)\n"
    }
    return "# HELP \(name) \(family.help)\n# TYPE \(name) \(family.kind)\n" + lines.joined()
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }

  private static func dollars(_ micro: Int) -> String {
    let rest = String(micro % 1_000_000)
    return "\(micro / 1_000_000)." + String(repeating: "0", count: 6 - rest.utf8.count) + rest
  }
}
