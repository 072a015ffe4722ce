// SPDX-License-Identifier: GPL-2.0-only
/*
 * Aligned tables, and colour where somebody sees it.
 */
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "kmodctl.h"

#define GAP	2

static const char *const sequences[] = {
	[PLAIN]		= "",
	[BOLD]		= "\033[1m",
	[GREEN]		= "\033[32m",
	[YELLOW]	= "\033[33m",
	[RED]		= "\033[31m",
};

/* See no-color.org for NO_COLOR. */
bool use_colour(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (no_color && *no_color)
		return false;
	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb");
}

void print_coloured(enum colour colour, const char *format, ...)
{
	bool coloured = colour != PLAIN && use_colour();
	va_list arguments;

	if (coloured)
		fputs(sequences[colour], stdout);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	if (coloured)
		fputs("\033[0m", stdout);
}

/* The table's first row are the titles. */
void table_init(struct table *table, const struct column *columns, size_t width)
{
	size_t i;

	*table = (struct table){ .columns = columns, .width = width };
	for (i = 0; i < width; i++)
		table_add_coloured(table, text_copy(columns[i].title), BOLD);
}

/* The next cell. The table frees its text. */
void table_add_coloured(struct table *table, char *text, enum colour colour)
{
	table->cells = grown(table->cells, table->count, sizeof(*table->cells));
	table->cells[table->count++] = (struct cell){ text, colour };
}

void table_add(struct table *table, char *text)
{
	table_add_coloured(table, text, PLAIN);
}

static int column_width(const struct table *table, size_t column)
{
	size_t i, length, widest = 0;

	for (i = column; i < table->count; i += table->width) {
		length = strlen(table->cells[i].text);
		widest = length > widest ? length : widest;
	}
	return (int)widest;
}

/* Blanks wait until something comes behind them. Returns how many do. */
static int print_cell(const struct cell *cell, int blanks, int width, bool right)
{
	int missing = width - (int)strlen(cell->text);

	if (!*cell->text)
		return blanks + width;
	printf("%*s", right ? blanks + missing : blanks, "");
	print_coloured(cell->colour, "%s", cell->text);
	return right ? 0 : missing;
}

static void print_row(const struct table *table, const struct cell *cells, const int *widths)
{
	int blanks = 0;
	size_t i;

	for (i = 0; i < table->width; i++)
		blanks = GAP + print_cell(&cells[i], blanks, widths[i], table->columns[i].right);
	putchar('\n');
}

/* Prints the table, and frees what it holds. */
void table_print(struct table *table)
{
	int widths[MAX_COLUMNS];
	size_t i;

	for (i = 0; i < table->width; i++)
		widths[i] = column_width(table, i);
	for (i = 0; i < table->count; i += table->width)
		print_row(table, &table->cells[i], widths);
	for (i = 0; i < table->count; i++)
		free(table->cells[i].text);
	free(table->cells);
}
