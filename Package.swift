// swift-tools-version: 6.2
import PackageDescription

/// `MIGRATE_STRICT=1` turns every warning into an error; `.ci/run` sets it, so that a newer compiler's
/// warnings never break the build of somebody who only wants the tool.
let strict = Context.environment["MIGRATE_STRICT"] == "1"

let settings: [SwiftSetting] =
  [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ] + (strict ? [.treatAllWarnings(as: .error)] : [])

let package = Package(
  name: "git-migrate",
  products: [.executable(name: "git-migrate", targets: ["git-migrate"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    .systemLibrary(name: "Clibgit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),
    .systemLibrary(name: "Czlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "Clibyaml", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .target(name: "Clinux"),
    .target(name: "System", dependencies: ["Clinux"], swiftSettings: settings),
    .target(name: "Supervision", dependencies: ["System", "Clinux"], swiftSettings: settings),
    .target(
      name: "Git", dependencies: ["Clibgit2", "Czlib", "Supervision", "System"], swiftSettings: settings),
    .target(name: "CanonicalJSON", swiftSettings: settings),
    .target(name: "Migration", dependencies: ["CanonicalJSON"], swiftSettings: settings),
    .target(name: "Agents", dependencies: ["CanonicalJSON", "Migration"], swiftSettings: settings),
    .target(
      name: "Plans", dependencies: ["Agents", "CanonicalJSON", "Migration", "Clibyaml"],
      swiftSettings: settings),
    .target(
      name: "Ledger", dependencies: ["CanonicalJSON", "Migration", "Git", "Supervision", "System"],
      swiftSettings: settings),
    .target(
      name: "Guarding",
      dependencies: ["CanonicalJSON", "Ledger", "Migration", "Git", "Supervision", "System"],
      swiftSettings: settings),
    .target(
      name: "Gate", dependencies: ["CanonicalJSON", "Migration", "Git", "Supervision", "System"],
      swiftSettings: settings),
    .target(
      name: "Site",
      dependencies: [
        "CanonicalJSON", "Gate", "Guarding", "Ledger", "Plans", "Migration", "Git", "Supervision", "System",
      ],
      swiftSettings: settings),
    .target(
      name: "Runner",
      dependencies: [
        "Agents", "CanonicalJSON", "Gate", "Ledger", "Plans", "Site", "Migration", "Git", "Supervision",
        "System",
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "git-migrate",
      dependencies: [
        "Runner", "Site", "CanonicalJSON", "Gate", "Ledger", "Plans", "Migration", "Git", "Supervision",
        "System",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    .target(
      name: "Support",
      dependencies: ["CanonicalJSON", "Ledger", "Migration", "Git", "Supervision", "System"],
      path: "Tests/Support", swiftSettings: settings),
    .testTarget(
      name: "SupervisionTests", dependencies: ["Supervision", "System", "Support"], swiftSettings: settings),
    .testTarget(name: "GitTests", dependencies: ["Git", "Support"], swiftSettings: settings),
    .testTarget(
      name: "MigrationTests", dependencies: ["CanonicalJSON", "Migration"],
      exclude: ["Transcripts", "Golden"],
      swiftSettings: settings),
    .testTarget(
      name: "AgentsTests", dependencies: ["Agents", "CanonicalJSON", "Migration"], exclude: ["Streams"],
      swiftSettings: settings),
    .testTarget(
      name: "PlansTests", dependencies: ["Plans", "Agents", "CanonicalJSON", "Migration"],
      swiftSettings: settings),
    .testTarget(
      name: "LedgerTests",
      dependencies: ["Guarding", "CanonicalJSON", "Ledger", "Migration", "Git", "Support"],
      swiftSettings: settings),
    .testTarget(
      name: "GateTests",
      dependencies: ["CanonicalJSON", "Gate", "Migration", "Git", "Supervision", "System", "Support"],
      exclude: ["Logs", "Corpus"],
      swiftSettings: settings),
    .testTarget(
      name: "RunnerTests",
      dependencies: [
        "Guarding",
        "Runner", "Site", "CanonicalJSON", "Agents", "Gate", "Ledger", "Plans", "Migration", "Git",
        "Supervision",
        "System",
        "Support",
      ],
      exclude: ["Fixtures"], swiftSettings: settings),
    .testTarget(
      name: "CommandTests", dependencies: ["CanonicalJSON", "Migration", "Supervision", "System", "Support"],
      swiftSettings: settings),
    .testTarget(
      name: "Acceptance", dependencies: ["CanonicalJSON", "Migration", "Supervision", "System", "Support"],
      path: "Tests/Acceptance", swiftSettings: settings),
    .target(
      name: "Simulation",
      dependencies: ["Runner", "Site", "CanonicalJSON", "Gate", "Ledger", "Migration", "Git"],
      path: "Tests/Simulation", swiftSettings: settings),
    .executableTarget(
      name: "git-migrate-simulate", dependencies: ["Simulation"], path: "Tests/Simulate",
      swiftSettings: settings),
    .testTarget(
      name: "SimulationTests",
      dependencies: ["Simulation", "CanonicalJSON", "Runner", "Site", "Ledger", "Migration", "Git"],
      swiftSettings: settings),
    .testTarget(
      name: "TidyTests", dependencies: ["Runner", "Site", "CanonicalJSON", "Migration"],
      swiftSettings: settings),
  ]
)
