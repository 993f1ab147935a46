export {
  type Candidate,
  type CrossValidation,
  type CrossValidationOptions,
  crossValidate,
  type RatedCandidate,
  selectClassifier,
} from './cross-validation.js';
