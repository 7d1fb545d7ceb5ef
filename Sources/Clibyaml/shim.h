// libyaml, of which the events are read; see Sources/PlanFile/YAML.swift.
#include <yaml.h>
