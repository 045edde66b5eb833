"""A simulated Kafka, Flink and ClickHouse platform: values that follow physics, faults that can be injected."""

from monitoring.simulation.faults import Fault
from monitoring.simulation.scenarios import SCENARIOS, faults_for
from monitoring.simulation.truth import ground_truth
from monitoring.simulation.world import Simulation

__all__ = ["SCENARIOS", "Fault", "Simulation", "faults_for", "ground_truth"]
