// SPDX-License-Identifier: GPL-2.0-only
/*
 * kmodctl: shows which modules the kernel asks for, for whom, and what becomes of it.
 */
#include <getopt.h>
#include <signal.h>
#include <string.h>

#include "kmodctl.h"

#define VERSION	"1.0"

enum { OPT_DEBUGFS = 256, OPT_OPENMETRICS };

static const struct option long_options[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "debugfs", required_argument, NULL, OPT_DEBUGFS },
	{ "help", no_argument, NULL, 'h' },
	{ "json", no_argument, NULL, 'j' },
	{ "lines", required_argument, NULL, 'n' },
	{ "openmetrics", no_argument, NULL, OPT_OPENMETRICS },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 }
};

static const struct command {
	const char *name;
	int (*run)(const struct options *options);
	const char *usage;
	const char *summary;
	const char *notes;
	const char *options;
} commands[] = {
	{ "log", cmd_log, "[-n N]", "requests that have ended, the newest last",
	  "The kernel keeps the last 256.\n",
	  "  -n, --lines N      only the last N\n" },
	{ "inflight", cmd_inflight, "", "requests that have not ended yet", "", "" },
	{ "modules", cmd_modules, "[-a]", "modules that were loaded for a request, and for whom",
	  "", "  -a, --all          also those that are gone or failed to load\n" },
	{ "stats", cmd_stats, "[--openmetrics]", "counters, and how long requests took",
	  "", "      --openmetrics  as OpenMetrics text, for collectors\n" },
	{ "watch", cmd_watch, "", "requests as they come and end, until it is interrupted",
	  "It has a trace instance of its own, which it removes when it ends.\n", "" },
};

#define NR_COMMANDS	(sizeof(commands) / sizeof(*commands))

static const char common_help[] =
	"  -j, --json         JSON instead of a table; one object a line from watch\n"
	"      --debugfs DIR  where debugfs is mounted, if it is not in /proc/mounts\n"
	"  -h, --help         this help; also of each command\n"
	"  -V, --version      the version\n";

static void print_usage(FILE *stream)
{
	size_t i;

	fprintf(stream, "Usage: kmodctl COMMAND [OPTION]...\n"
		"Shows which modules the kernel asks for, for whom, and what becomes of it.\n\n");
	for (i = 0; i < NR_COMMANDS; i++)
		fprintf(stream, "  %-9s %-16s %s\n", commands[i].name, commands[i].usage,
			commands[i].summary);
	fprintf(stream, "\n%s", common_help);
}

static void print_help(const struct command *command)
{
	printf("Usage: kmodctl %s [OPTION]...\nShows %s.\n%s\n%s%s", command->name,
	       command->summary, command->notes, command->options, common_help);
}

static int misused(const char *why, const char *what)
{
	complain("%s%s (see kmodctl --help)", why, what);
	return EXIT_USAGE;
}

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* What was asked for besides a command's own options. */
struct request {
	struct options options;
	bool help;
	bool version;
};

/* Sets what one option says. False if it cannot. */
static bool take_option(struct request *request, int option)
{
	switch (option) {
	case 'a':
		request->options.all = true;
		return true;
	case 'h':
		request->help = true;
		return true;
	case 'j':
		request->options.json = true;
		return true;
	case 'n':
		request->options.limited = true;
		if (parse_unsigned(optarg, &request->options.lines))
			return true;
		complain("%s is not a number of lines", optarg);
		return false;
	case 'V':
		request->version = true;
		return true;
	case OPT_DEBUGFS:
		request->options.debugfs = optarg;
		return true;
	case OPT_OPENMETRICS:
		request->options.openmetrics = true;
		return true;
	default:
		return false;
	}
}

static bool take_options(struct request *request, int argc, char *argv[])
{
	int option;

	while ((option = getopt_long(argc, argv, "ahjn:V", long_options, NULL)) != -1)
		if (!take_option(request, option))
			return false;
	return true;
}

static const char *foreign_option(const struct command *command, const struct options *options)
{
	if (options->limited && command->run != cmd_log)
		return "-n is for log only";
	if (options->all && command->run != cmd_modules)
		return "-a is for modules only";
	if (options->openmetrics && command->run != cmd_stats)
		return "--openmetrics is for stats only";
	if (options->openmetrics && options->json)
		return "--openmetrics and --json exclude each other";
	return NULL;
}

static int run(const struct request *request, char *words[])
{
	const struct command *command = words[0] ? find_command(words[0]) : NULL;
	const char *wrong;

	if (words[0] && !command)
		return misused("there is no command ", words[0]);
	if (request->version) {
		puts("kmodctl " VERSION);
		return EXIT_SUCCESS;
	}
	if (request->help) {
		command ? print_help(command) : print_usage(stdout);
		return EXIT_SUCCESS;
	}
	if (!command) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (words[1])
		return misused("what does this mean: ", words[1]);
	wrong = foreign_option(command, &request->options);
	if (wrong)
		return misused(wrong, "");
	return command->run(&request->options);
}

int main(int argc, char *argv[])
{
	struct request request = { 0 };

	/* Whoever started us may have had it ignored. */
	signal(SIGPIPE, SIG_DFL);
	if (!take_options(&request, argc, argv))
		return EXIT_USAGE;
	return finish(run(&request, argv + optind));
}
