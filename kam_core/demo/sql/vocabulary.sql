-- Word lists: one row per city, industry noun, name stem; all companies and people made from them are fictional.
create or replace temp table demo_region as
select * from (values
    (1, 'East', 0.20), (2, 'South', 0.17), (3, 'Capital', 0.14), (4, 'North', 0.13),
    (5, 'Central', 0.12), (6, 'Southwest', 0.11), (7, 'Northeast', 0.07), (8, 'Northwest', 0.06)
) t(region_no, region, weight);

create or replace temp table demo_city as
select row_number() over (order by region_no, place) as city_no, region_no, r.region, city, city_zh,
    row_number() over (partition by region_no order by place) as place, count(*) over (partition by region_no) as places
from (values
    ('East', 1, 'Shanghai', '上海'), ('East', 2, 'Nanjing', '南京'), ('East', 3, 'Hangzhou', '杭州'),
        ('East', 4, 'Suzhou', '苏州'),
    ('East', 5, 'Ningbo', '宁波'), ('East', 6, 'Hefei', '合肥'),
    ('South', 1, 'Guangzhou', '广州'), ('South', 2, 'Shenzhen', '深圳'), ('South', 3, 'Dongguan', '东莞'),
        ('South', 4, 'Xiamen', '厦门'),
    ('South', 5, 'Fuzhou', '福州'), ('South', 6, 'Nanning', '南宁'),
    ('Capital', 1, 'Beijing', '北京'), ('Capital', 2, 'Tianjin', '天津'), ('Capital', 3, 'Langfang', '廊坊'),
    ('North', 1, 'Jinan', '济南'), ('North', 2, 'Qingdao', '青岛'), ('North', 3, 'Shijiazhuang', '石家庄'),
        ('North', 4, 'Taiyuan', '太原'),
    ('North', 5, 'Hohhot', '呼和浩特'),
    ('Central', 1, 'Wuhan', '武汉'), ('Central', 2, 'Changsha', '长沙'), ('Central', 3, 'Zhengzhou', '郑州'),
        ('Central', 4, 'Nanchang', '南昌'),
    ('Southwest', 1, 'Chengdu', '成都'), ('Southwest', 2, 'Chongqing', '重庆'), ('Southwest', 3, 'Kunming', '昆明'),
        ('Southwest', 4, 'Guiyang', '贵阳'),
    ('Northeast', 1, 'Shenyang', '沈阳'), ('Northeast', 2, 'Dalian', '大连'), ('Northeast', 3, 'Harbin', '哈尔滨'),
        ('Northeast', 4, 'Changchun', '长春'),
    ('Northwest', 1, 'Xi''an', '西安'), ('Northwest', 2, 'Lanzhou', '兰州'), ('Northwest', 3, 'Urumqi', '乌鲁木齐'),
        ('Northwest', 4, 'Yinchuan', '银川'),
    ('Northwest', 5, 'Xining', '西宁')
) t(region, place, city, city_zh) join demo_region r using (region);

-- lines: how much more (or less) than others the industry buys of each product line, in catalogue order
create or replace temp table demo_industry as
select row_number() over () as industry_no, *
from (values
    ('Government', 0.13, false, ['市财政局', '市税务局', '市水务局', '市大数据中心', '区政务服务中心', '市交通局'],
        ['Finance Bureau', 'Tax Bureau', 'Water Bureau', 'Big Data Centre', 'District Service Centre',
            'Transport Bureau']),
    ('Manufacturing', 0.16, true, ['机械', '汽车零部件', '钢铁', '电子', '重工', '化工'],
        ['Machinery', 'Auto Parts', 'Steel', 'Electronics', 'Heavy Industries', 'Chemicals']),
    ('Banking', 0.08, true, ['银行', '农村商业银行', '城市商业银行', '信托', '消费金融', '金融租赁'],
        ['Bank', 'Rural Commercial Bank', 'City Bank', 'Trust', 'Consumer Finance', 'Financial Leasing']),
    ('Insurance & Securities', 0.06, true, ['保险', '证券', '人寿', '基金', '期货', '财产保险'],
        ['Insurance', 'Securities', 'Life', 'Fund Management', 'Futures', 'Property Insurance']),
    ('Telecom', 0.06, true, ['通信', '网络', '宽带', '移动通信', '卫星通信', '广电网络'],
        ['Telecom', 'Networks', 'Broadband', 'Mobile', 'Satcom', 'Cable Network']),
    ('Energy', 0.07, true, ['电力', '能源', '石化', '燃气', '新能源', '煤业'],
        ['Power', 'Energy', 'Petrochemical', 'Gas', 'New Energy', 'Coal']),
    ('Healthcare', 0.09, false, ['医院', '制药', '中心医院', '医疗器械', '生物', '妇幼保健院'],
        ['Hospital', 'Pharma', 'Central Hospital', 'Medical Devices', 'Biotech', 'Women and Children''s Hospital']),
    ('Education', 0.10, false, ['大学', '职业技术学院', '第一中学', '理工学院', '教育', '师范学院'],
        ['University', 'Vocational College', 'No. 1 Middle School', 'Institute of Technology', 'Education',
            'Normal College']),
    ('Retail', 0.08, true, ['百货', '超市', '商贸', '电商', '食品', '服饰'],
        ['Department Stores', 'Supermarkets', 'Trading', 'E-commerce', 'Foods', 'Apparel']),
    ('Transport & Logistics', 0.06, true, ['物流', '航运', '轨道交通', '港务', '快运', '机场'],
        ['Logistics', 'Shipping', 'Rail Transit', 'Port', 'Express', 'Airport']),
    ('Internet & Media', 0.06, true, ['网络科技', '传媒', '游戏', '软件', '数据', '影业'],
        ['Network Technology', 'Media', 'Games', 'Software', 'Data', 'Pictures']),
    ('Construction', 0.05, true, ['地产', '建设', '建工', '设计院', '物业', '建材'],
        ['Properties', 'Construction', 'Civil Engineering', 'Design Institute', 'Property Services',
            'Building Materials'])
) t(industry, weight, is_company, nouns_zh, nouns_en);

-- Stems such as 海河 Haihe; the excluded pairs are names of well-known companies or places.
create or replace temp table demo_stem as
with first as (select unnest(['海', '江', '东', '南', '金', '银', '长', '天', '云', '龙', '凤', '泰', '瑞', '恒', '宏', '鼎', '盛', '嘉',
    '新', '明',
        '远', '安', '永', '广', '大', '博', '德', '诚', '康', '卓', '启', '星', '青', '白', '蓝', '松', '梅', '林']) as zh,
        unnest(['Hai', 'Jiang', 'Dong', 'Nan', 'Jin', 'Yin', 'Chang', 'Tian', 'Yun', 'Long', 'Feng', 'Tai', 'Rui',
            'Heng', 'Hong', 'Ding', 'Sheng', 'Jia',
        'Xin', 'Ming', 'Yuan', 'An', 'Yong', 'Guang', 'Da', 'Bo', 'De', 'Cheng', 'Kang', 'Zhuo', 'Qi', 'Xing', 'Qing',
            'Bai', 'Lan', 'Song', 'Mei', 'Lin']) as en),
second as (select unnest(['河', '川', '达', '通', '源', '隆', '丰', '业', '辉', '泽', '润', '宇', '翔', '鹏', '阳', '光', '山', '湖', '岭',
    '塔',
        '桥', '港', '城', '科', '联', '创', '力', '诺', '讯', '磊', '航', '晟', '坤', '锦', '茂', '顺', '兴', '昌', '佳']) as zh,
        unnest(['he', 'chuan', 'da', 'tong', 'yuan', 'long', 'feng', 'ye', 'hui', 'ze', 'run', 'yu', 'xiang', 'peng',
            'yang', 'guang', 'shan', 'hu', 'ling', 'ta',
        'qiao', 'gang', 'cheng', 'ke', 'lian', 'chuang', 'li', 'nuo', 'xun', 'lei', 'hang', 'sheng', 'kun', 'jin',
            'mao', 'shun', 'xing', 'chang', 'jia']) as en)
select row_number() over (order by hash(first.zh || second.zh)) - 1 as stem_no, first.zh || second.zh as stem_zh,
    first.en || second.en as stem_en
from first cross join second
where first.zh || second.zh not in ('海航', '海通', '长城', '恒力', '恒隆', '金山', '新城', '天河', '东航', '南航', '大通', '安达', '广联', '大力',
    '星光',
    '大兴', '东山', '泰山', '白山', '南昌', '大塔', '康佳', '云南', '海港', '新科', '启航', '明阳', '新光', '广达', '远洋', '东阳', '南通', '南阳', '青山',
        '东风')
qualify row_number() over (partition by first.en || second.en order by first.zh || second.zh) = 1;

create or replace temp table demo_people as
select ['王', '李', '张', '刘', '陈', '杨', '赵', '黄', '周', '吴', '徐', '孙', '胡', '朱', '高', '林', '何', '郭', '马', '罗', '梁', '宋',
    '郑', '谢'] as family_zh,
    ['Wang', 'Li', 'Zhang', 'Liu', 'Chen', 'Yang', 'Zhao', 'Huang', 'Zhou', 'Wu', 'Xu', 'Sun', 'Hu', 'Zhu', 'Gao',
        'Lin', 'He', 'Guo', 'Ma', 'Luo', 'Liang', 'Song', 'Zheng', 'Xie'] as family_en,
    ['伟', '芳', '敏', '静', '磊', '洋', '勇', '艳', '杰', '娟', '涛', '明', '超', '霞', '平', '刚', '丽华', '建国', '志强', '晓东', '海燕', '文博',
        '思远', '雨桐', '子轩', '佳怡', '浩然', '欣怡'] as given_zh,
    ['Wei', 'Fang', 'Min', 'Jing', 'Lei', 'Yang', 'Yong', 'Yan', 'Jie', 'Juan', 'Tao', 'Ming', 'Chao', 'Xia', 'Ping',
        'Gang', 'Lihua', 'Jianguo', 'Zhiqiang', 'Xiaodong', 'Haiyan', 'Wenbo', 'Siyuan', 'Yutong', 'Zixuan', 'Jiayi',
        'Haoran', 'Xinyi'] as given_en,
    ['Beichen Systems', 'Orion Computing', 'Hengtai Data', 'Kunpeng Peak', 'Tianyao Technology',
        'Blue Summit IT'] as competitors;
