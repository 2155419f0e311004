-- One row per product: list price of 2022 and the share of the list price that it costs to make or buy.
create or replace temp table demo_product as
with lines as (
    select row_number() over () as line_no, *
    from (values
        ('Servers', 0.15, 9800.0, 2.1, 0.600, ['Rack R120', 'Rack R240', 'Dense D400', 'AI server G8',
            'Mission-critical X1']),
        ('Storage', 0.09, 6800.0, 2.3, 0.580, ['NAS N20', 'SAN S30', 'Flash F50', 'Flash F90', 'Archive A9']),
        ('Notebooks', 0.17, 3600.0, 1.35, 0.640, ['Notebook Air 13', 'Notebook Pro 14', 'Notebook Pro 16',
            'Notebook Rugged', 'Mobile Workstation']),
        ('Desktops', 0.13, 2600.0, 1.35, 0.640, ['Desktop Mini', 'Desktop Tower', 'All-in-one 24', 'Desktop Power',
            'Workstation W5']),
        ('Networking', 0.10, 1400.0, 2.4, 0.570, ['Switch 24', 'Switch 48', 'Router E5', 'Core switch C9',
            'SD-WAN Hub']),
        ('Security', 0.06, 1900.0, 2.4, 0.560, ['Endpoint Guard', 'Firewall F1', 'Firewall F5', 'Gateway X',
            'SOC Appliance']),
        ('Software', 0.10, 420.0, 3.1, 0.540, ['Office Suite', 'Virtual Desktop', 'Database', 'Cloud Platform',
            'Analytics Platform']),
        ('Services', 0.09, 600.0, 3.0, 0.590, ['Care Basic', 'Care Plus', 'Deployment', 'Managed Service',
            'Consulting']),
        ('Printers & Imaging', 0.06, 980.0, 1.9, 0.610, ['Laser L1', 'Laser L5', 'Multifunction M3', 'Multifunction M7',
            'Production P1']),
        ('Displays & Accessories', 0.05, 90.0, 2.6, 0.600, ['Keyboard Set', 'Dock', 'Display 24', 'Display 32',
            'Meeting Board'])
    ) t(product_line, share, first_price, step, cost_share, products))
select line_no, product_line, share, first_price, step, rank_no, products[rank_no] as product,
    round(first_price * pow(step, rank_no - 1), 0)::decimal(18, 2) as list_price, cost_share
from lines cross join (select unnest(range(1, 6)) as rank_no);

-- One row per product line: its cheapest price, the step from one product to the next, its part of all that is bought.
create or replace temp table demo_product_line as
select line_no, product_line, first_price, step, share, sum(share) over (order by line_no) as upto
from demo_product where rank_no = 1;
