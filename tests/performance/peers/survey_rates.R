# R survey: Rscript survey_rates.R FILE.csv {clusters,elements}
suppressPackageStartupMessages(library(survey))
arguments <- commandArgs(trailingOnly = TRUE)
rows <- read.csv(arguments[1])
items <- paste0("y", 0:19)
for (name in items) rows[[name]] <- as.numeric(rows[[name]] %in% c("true", "TRUE", "True", "1"))
work <- function() {
  design <- if (arguments[2] == "clusters") {
    svydesign(ids = ~psu, strata = ~stratum, weights = ~w, data = rows)
  } else {
    svydesign(ids = ~1, strata = ~stratum, weights = ~w, fpc = ~N, data = rows)
  }
  svyby(reformulate(items), ~domain, design, svymean)
}
seconds <- system.time(work())[["elapsed"]]
mib <- sum(gc()[, 6])
cat(sprintf('{"seconds": %f, "mib": %f}\n', seconds, mib))
