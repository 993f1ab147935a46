export {
  type BackendCandidate,
  BackendMissingError,
  chooseBackend,
  type StartedBackend,
  type UseBackendOptions,
} from './backend-choice.js';
export type { BackendName, ChosenBackend } from './chosen-backend.js';
export { ensureBackend } from './ensure-backend.js';
