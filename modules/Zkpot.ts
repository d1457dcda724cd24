import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** Declared phase-2 contributions a verifying key needs, unless a parameter says otherwise. */
const DEFAULT_MIN_CONTRIBUTIONS = 3;

/** Delay between an unbonding request and the withdrawal of stake: seven days. */
const DEFAULT_UNBONDING_SECONDS = 7 * 24 * 60 * 60;

/**
 * Deploys the circuit registry, the stake vault, the task market and the training audit.
 *
 * Parameters: `allowDevelopmentKeys` (local chains only), `minContributions`, `unbondingSeconds`.
 */
export default buildModule("Zkpot", (m) => {
  const allowDevelopmentKeys = m.getParameter("allowDevelopmentKeys", false);
  const minContributions = m.getParameter("minContributions", DEFAULT_MIN_CONTRIBUTIONS);
  const unbondingSeconds = m.getParameter("unbondingSeconds", DEFAULT_UNBONDING_SECONDS);

  const circuitRegistry = m.contract("CircuitRegistry", [allowDevelopmentKeys, minContributions]);
  const stakeVault = m.contract("StakeVault", [unbondingSeconds]);
  const taskMarket = m.contract("TaskMarket", [circuitRegistry, stakeVault]);
  const trainingAudit = m.contract("TrainingAudit", [taskMarket]);

  return { circuitRegistry, stakeVault, taskMarket, trainingAudit };
});
